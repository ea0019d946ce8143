import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { locateModule } from '@auspex/core';

/** A package of ours that brings plugins, and with them the packages that only some of them need. */
export type Holder = '@auspex/sources' | '@auspex/stores' | '@auspex/calendars' | '@auspex/alerts' | '@auspex/actuators';

/** As the preset finds them, which brings them along: this command does not depend on them itself. */
function presets(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve('@auspex/preset'));
}

/** Version of a package as the plugins of `holder` find it. @throws PLUGIN_NOT_FOUND */
export function versionOf(name: string, holder: Holder): string {
  const from = pathToFileURL(presets().resolve(`${holder}/package.json`)).href;
  let folder = path.dirname(fileURLToPath(locateModule(name, from, name)));
  for (; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
      if (manifest.name === name && manifest.version !== undefined) return manifest.version;
    } catch {
      // Not here: the next one up may tell.
    }
  }
  return '';
}
