import type { AuspexError } from '@auspex/contracts';

/** The package that a module belongs to, as far as its manifest tells. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What the loader knows of a slot that it filled, or could not fill. */
export interface Loaded {
  readonly problem?: AuspexError;
  readonly manifest?: Manifest;
}
