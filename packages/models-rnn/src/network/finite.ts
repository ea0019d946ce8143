/**
 * 0, or NaN where a value is NaN or infinite. Added to a loss, it keeps the nonlinearities, which bring everything into -1 .. 1,
 * from hiding an input that was broken.
 */
export function poisonOf(values: ArrayLike<number>): number {
  let poison = 0;
  for (let i = 0; i < values.length; i++) poison += (values[i] as number) * 0;
  return poison;
}
