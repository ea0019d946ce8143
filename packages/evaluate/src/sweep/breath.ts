/** Lets signals and streams have their turn: a candidate takes a fraction of a second in which nothing else is heard. */
export function breath(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}
