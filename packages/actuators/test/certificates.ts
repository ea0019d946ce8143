import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An authority, and a certificate of it for 127.0.0.1 that servers and clients may show. Files in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly read: { readonly ca: Buffer; readonly certificate: Buffer; readonly key: Buffer };
  remove(): void;
}

export function makeCertificates(): Certificates {
  const cwd = mkdtempSync(join(tmpdir(), 'auspex-certificates-'));
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd, stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...fresh, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test-ca');
  openssl(
    'req',
    ...fresh,
    '-keyout',
    'key',
    '-out',
    'csr',
    '-subj',
    '/CN=aggregator',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
  );
  const signed = ['-in', 'csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-copy_extensions', 'copy'];
  openssl('x509', '-req', ...signed, '-out', 'crt');
  const [ca, certificate, key] = ['ca.crt', 'crt', 'key'].map((name) => join(cwd, name)) as [string, string, string];
  return {
    ...{ ca, certificate, key },
    read: { ca: readFileSync(ca), certificate: readFileSync(certificate), key: readFileSync(key) },
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  };
}
