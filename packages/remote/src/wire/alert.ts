import type { Alert } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AlertSchema, Alert as WireAlert } from '../gen/auspex/v1/auspex_pb.ts';
import { toInt } from './numbers.ts';

export function toAlert({ step, labels, ...same }: Alert): MessageInitShape<typeof AlertSchema> {
  return { ...same, labels: { ...labels }, step: toInt(step) };
}

export function fromAlert({ fingerprint, severity, summary, step, labels }: WireAlert): Alert {
  return { fingerprint, severity: severity as Alert['severity'], summary, step: Number(step), labels };
}
