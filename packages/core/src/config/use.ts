import { z } from 'zod';
import { didYouMean } from './suggest.ts';

/** A plugin with what may stand beside it; each key that may not is named. @param expected what is told where it is nothing of the kind */
export function useOf<T>(keys: readonly string[], expected: string): z.ZodCustom<T, T> {
  return z.custom<T>(isUse, { error: `expected ${expected}` }).superRefine((value, context) => {
    if (!isUse(value)) return;
    for (const key of Object.keys(value).filter((each) => !keys.includes(each)))
      context.addIssue({ code: 'custom', path: [key], message: `unknown key${didYouMean(key, keys)}` });
  });
}

function isUse(value: unknown): value is { readonly use: unknown } {
  return typeof value === 'object' && value !== null && 'use' in value;
}
