/** What a line looks like, for whoever gave the wrong file: a clause, or nothing. */
export function looksLike(line: string): string {
  const text = line.trim();
  if (text.startsWith('{') || text.startsWith('[{')) return 'it looks like JSON: use the ndjson source';
  if (/\[\d{2}\/[A-Z][a-z]{2}\/\d{4}:/.test(text)) return 'it looks like an access log: use the access-log source';
  for (const [mark, name] of [
    [',', 'CSV'],
    ['\t', 'tab-separated text'],
    [';', 'CSV with semicolons'],
  ] as const) {
    if (text.split(mark).length > 2 || (text.includes(mark) && /time|date|stamp/i.test(text)))
      return `it looks like ${name}: use the csv source`;
  }
  return '';
}
