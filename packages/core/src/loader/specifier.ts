/** A plugin named by package or file: `@acme/auspex-scaler`, `./scaler.js#fleet`. */
export interface Specifier {
  readonly module: string;
  /** The export that is meant; undefined = whichever fits. */
  readonly exported: string | undefined;
}

/** Splits a name at its `#`. A leading one is part of the name: those are a package's own imports. */
export function parseSpecifier(name: string): Specifier {
  const at = name.indexOf('#', 1);
  return at < 0 ? { module: name, exported: undefined } : { module: name.slice(0, at), exported: name.slice(at + 1) };
}

/** A path or a file URL, not a package. On Windows a path may begin with a drive. */
export function isFileName(name: string): boolean {
  return /^(?:\.{1,2}[\\/]|\/|file:|[A-Za-z]:[\\/])/.test(name);
}

/** Can this only be a module, never the id of a bundled plugin? */
export function isModule(name: string): boolean {
  return isFileName(name) || /^@|[/#:]/.test(name);
}
