import { Conflict, Refused, Unavailable } from '../target/index.ts';

/** An answer that is no success. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

const RBAC = 'grant it as kubernetes-rbac.yaml in the manifests of @auspex/actuators does';

/**
 * What an answer of the API server means to whoever asked.
 *
 * @param what verb and object: `patch deployments/scale.apps shop/web`
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
export function answered({ status, headers, text }: Answer, what: string): Error {
  const said = messageOf(text);
  const message = `${what}: ${said || 'no word why'} (${status})`;
  if (status === 409) return new Conflict(message);
  if (status === 429 || status >= 500) return new Unavailable(message, { after: 1000 * Math.max(0, Number(headers['retry-after']) || 0) });
  if (status === 401) return new Refused(`${message}: these credentials are not known to the API server, or have run out`);
  // Admission says 403 too, and no role helps there.
  if (status === 403 && /\bcannot \w+ resource\b/.test(said)) return new Refused(`${message}: ${RBAC}`);
  if (status === 404) return new Refused(`${message}: there is no such object, or it has just been removed`);
  return new Refused(message);
}

/** What a request without an answer means. */
export function unanswered(cause: unknown, what: string): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|EPROTO|SSL/.test(String(code))) {
    return new Refused(
      `${what}: the certificate of the API server is not trusted (${code}): correct certificate-authority in the kubeconfig`,
    );
  }
  return new Unavailable(`${what}: ${message}`, { cause });
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // A proxy in between may say anything.
  }
  return text.trim().slice(0, 200);
}
