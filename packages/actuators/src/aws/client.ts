/** A scaling policy of a group or a service. */
export interface Policy {
  readonly name: string;
  /** `dynamic` = it moves the desired count by a metric; `predictive` = by a forecast; `idle` = it is off, or only forecasts. */
  readonly kind: 'dynamic' | 'predictive' | 'idle';
}

/** An EC2 Auto Scaling group, as DescribeAutoScalingGroups shows it. */
export interface Group {
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  /** What its instances that are InService and Healthy count for; each 1 unless the group weighs them. */
  readonly inService: number;
  /** Instances in its warm pool. Absent = it has none. */
  readonly warm?: number;
  /** Such as `Delete in progress`. Absent = it is well. */
  readonly status?: string;
  readonly suspended: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** What a one-time scheduled action sets. */
export interface Scheduled {
  readonly name: string;
  /** Epoch ms, whole seconds. */
  readonly at: number;
  readonly min?: number;
  readonly desired?: number;
}

/** What is asked of the API of EC2 Auto Scaling. All reject with Refused, Unavailable, Conflict, or the reason of the signal. */
export interface GroupClient {
  /** Undefined = there is none of that name. */
  describe(name: string, signal: AbortSignal): Promise<Group | undefined>;
  policies(name: string, signal: AbortSignal): Promise<readonly Policy[]>;
  /** Why its latest scaling activity failed; undefined where it did not. */
  trouble(name: string, signal: AbortSignal): Promise<string | undefined>;
  /** Puts a scheduled action, over the one of the same name where there is one. */
  schedule(name: string, action: Scheduled, signal: AbortSignal): Promise<void>;
  /** Does nothing where there is none of that name. */
  unschedule(name: string, action: string, signal: AbortSignal): Promise<void>;
  setMin(name: string, units: number, signal: AbortSignal): Promise<void>;
  setDesired(name: string, units: number, signal: AbortSignal): Promise<void>;
  /** Undefined removes the tag. */
  tag(name: string, key: string, value: string | undefined, signal: AbortSignal): Promise<void>;
}

/** An ECS service, as DescribeServices shows it. */
export interface Service {
  readonly arn: string;
  /** `ACTIVE`, `DRAINING` or `INACTIVE`. */
  readonly status: string;
  readonly desired: number;
  /** Tasks that run, those of a deployment that is being replaced included: they serve too. */
  readonly running: number;
  /** Who deploys: `ECS`, `CODE_DEPLOY`, `EXTERNAL`. */
  readonly controller: string;
  /** `REPLICA` or `DAEMON`. */
  readonly strategy: string;
  /** Its latest event, such as why a task cannot be placed. */
  readonly event?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The scalable target that Application Auto Scaling keeps for a service. */
export interface ScalableTarget {
  readonly min: number;
  readonly max: number;
  /** Scheduled scaling is suspended. */
  readonly noSchedule: boolean;
}

/** What is asked of the APIs of ECS and, about the service's desired count, of Application Auto Scaling; `service` = `CLUSTER/SERVICE`. */
export interface ServiceClient {
  describe(service: string, signal: AbortSignal): Promise<Service | undefined>;
  /** Undefined = none is registered. */
  target(service: string, signal: AbortSignal): Promise<ScalableTarget | undefined>;
  policies(service: string, signal: AbortSignal): Promise<readonly Policy[]>;
  schedule(service: string, action: Scheduled, signal: AbortSignal): Promise<void>;
  unschedule(service: string, action: string, signal: AbortSignal): Promise<void>;
  setMin(service: string, units: number, signal: AbortSignal): Promise<void>;
  setDesired(service: string, units: number, signal: AbortSignal): Promise<void>;
  tag(arn: string, key: string, value: string | undefined, signal: AbortSignal): Promise<void>;
}

/** What the target needs of AWS. */
export interface AwsClient {
  readonly groups: GroupClient;
  readonly services: ServiceClient;
  close?(): Promise<void>;
}
