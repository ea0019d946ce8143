import type { Alert } from '@auspex/contracts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AlertSchema, Alert as WireAlert } from '../gen/auspex/v1/auspex_pb.ts';
import { toInt } from './numbers.ts';

export function toAlert({ step, startsAt, endsAt, labels, details, ...same }: Alert): MessageInitShape<typeof AlertSchema> {
  const times = { step: toInt(step), startsAt: toInt(startsAt), ...(endsAt !== undefined && { endsAt: toInt(endsAt) }) };
  return { ...same, ...times, labels: { ...labels }, details: [...(details ?? [])] };
}

export function fromAlert({ fingerprint, key, status, severity, summary, details, step, startsAt, endsAt, labels }: WireAlert): Alert {
  return {
    fingerprint,
    key,
    status: status as Alert['status'],
    severity: severity as Alert['severity'],
    summary,
    ...(details.length > 0 && { details }),
    step: Number(step),
    startsAt: Number(startsAt),
    ...(endsAt !== undefined && { endsAt: Number(endsAt) }),
    labels,
  };
}
