// Second half of `npm run generate`: what buf and protoc-gen-es made is not Biome's business.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('src/keda/gen/externalscaler_pb.ts', import.meta.url);
const header = ['lint', 'format', 'assist'].map((part) => `// biome-ignore-all ${part}: made by protoc-gen-es\n`).join('');
writeFileSync(file, header + readFileSync(file, 'utf8'));
