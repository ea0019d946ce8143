import { z } from 'zod';

/** Options of the `geo` enricher. */
export const geoConfig = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of a country or city database, .mmdb: GeoLite2, DB-IP, IPinfo or one of your own. Default: the file of the npm package @ip-location-db/geo-whois-asn-country-mmdb, which is in the public domain.',
    ),
  override: z.boolean().default(false).describe('Replace a country that the source has set. Default false.'),
  cache: z.int().min(1).max(10_000_000).default(65_536).describe('Addresses whose country is remembered, in memory alone. Default 65536.'),
});

export type GeoOptions = z.output<typeof geoConfig>;
