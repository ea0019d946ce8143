/** A server of a backend, as HAProxy has it. */
export interface Found {
  readonly name: string;
  /** What its administrator wants: traffic, no new sessions, nothing at all. */
  readonly admin: 'ready' | 'drain' | 'maint';
  /** It is `disabled` in the configuration, whatever it is now. */
  readonly spare: boolean;
  /** Weight, 0 to 256; with 0 it gets no traffic. */
  readonly weight: number;
  /** It follows another server or its name does not resolve: no command of ours brings it into service. */
  readonly bound: boolean;
  /** It passes its health checks, or has none. */
  readonly up: boolean;
  /** Sessions that it serves now. */
  readonly sessions: number;
}

/** A backend as it is found. */
export interface Backend {
  /** Changes with each start of HAProxy, which forgets what was set at run time. */
  readonly process: string;
  readonly servers: readonly Found[];
}

/** One thing to do with one server. */
export type Change =
  | { readonly server: string; readonly to: 'ready'; readonly weight?: number | undefined }
  | { readonly server: string; readonly to: 'drain' | 'maint' | 'checked' | 'deleted' }
  | { readonly server: string; readonly to: 'added'; readonly address: string; readonly keywords: string };

/** What the target needs of HAProxy. */
export interface HaproxyClient {
  /** @throws Refused where there is no such backend; Unavailable */
  look(backend: string, signal: AbortSignal): Promise<Backend>;
  /** @throws Refused with HAProxy's own words; Busy where a server still has connections and cannot be deleted; Unavailable */
  change(backend: string, change: Change, signal: AbortSignal): Promise<void>;
}

/** A server still has connections: it is deleted later. */
export class Busy extends Error {
  override readonly name = 'Busy';
}
