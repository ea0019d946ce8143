/** Reads the page's data. Like all of `client/` this is the text of a browser script: no build step, nothing to load. */
export const DATA = String.raw`
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function decode(column) {
  if (Array.isArray(column)) return column;
  const out = [];
  for (let i = 0; i < column.r.length; i += 2) for (let n = 0; n < column.r[i + 1]; n++) out.push(column.r[i]);
  return out;
}
const decoded = new Map();
function column(pool, run, name) {
  const index = data.pools[pool].runs[run][name];
  if (index < 0) return undefined;
  const key = pool + '/' + index;
  if (!decoded.has(key)) decoded.set(key, decode(data.pools[pool].columns[index]));
  return decoded.get(key);
}
function times(pool) {
  const { start, step, length } = data.pools[pool];
  return Array.from({ length }, (_, i) => start + i * step);
}
/** Runs of indices for which holds(value) is true: [first, last]. */
function spans(values, holds) {
  const out = [];
  for (let i = 0; values && i < values.length; i++) {
    if (!holds(values[i])) continue;
    const from = i;
    while (i + 1 < values.length && holds(values[i + 1])) i++;
    out.push([from, i]);
  }
  return out;
}
`;
