import { AuspexError, CONTRACT_RELEASES, CONTRACT_VERSION, type Plugin } from '@auspex/contracts';
import type { Manifest } from './loaded.ts';

/** What is wrong with the contract version that a plugin was built for, and which releases fit; undefined = nothing. */
export function versionProblem(plugin: Plugin, at: string, manifest: Manifest = {}): AuspexError | undefined {
  if (plugin.contract === CONTRACT_VERSION) return undefined;
  const { name, version } = manifest;
  const whose = name ? `"${plugin.id}" of ${name}${version ? ` ${version}` : ''}` : `"${plugin.id}"`;
  const wants = manifest.peerDependencies?.['@auspex/contracts'] ?? manifest.dependencies?.['@auspex/contracts'];
  const asked = wants === undefined ? '' : ` (this one asks for ${wants})`;
  const fits = CONTRACT_RELEASES[CONTRACT_VERSION];
  const upgrade =
    plugin.contract > CONTRACT_VERSION ? `or an Auspex with contract ${plugin.contract}` : 'or keep the Auspex that it was built for';
  return new AuspexError(
    'PLUGIN_VERSION',
    `${whose} was built for contract ${String(plugin.contract)}; this engine has contract ${CONTRACT_VERSION}`,
    {
      path: at,
      remedy: `Contract ${CONTRACT_VERSION} is @auspex/contracts ${fits}: install a release of ${name ?? 'the plugin'} that was built for it${asked}, ${upgrade}.`,
    },
  );
}
