import { Refused } from '../target/index.ts';
import type { GroupOptions } from './config.ts';

interface Owner {
  /** Tag by which it can be told. */
  readonly tag: string;
  readonly owner: string;
  readonly remedy: string;
  /** The minimum is not its business, only the desired count. */
  readonly onlyDesired?: true;
}

/** Who else sets the sizes of groups that carry these tags. */
const OWNERS: readonly Owner[] = [
  // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
  {
    tag: 'eks:nodegroup-name',
    owner: 'the EKS managed node group',
    remedy: 'scale the workload on it (actuator kubernetes), or use a group that EKS does not manage',
  },
  {
    tag: 'elasticbeanstalk:environment-name',
    owner: 'the Elastic Beanstalk environment',
    remedy: 'Beanstalk writes the sizes anew with each change: use a group of your own',
  },
  {
    tag: 'k8s.io/cluster-autoscaler/enabled',
    owner: 'the Kubernetes cluster autoscaler',
    remedy: "use set: 'min', or take the tag away",
    onlyDesired: true,
  },
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
  {
    tag: 'AmazonECSManaged',
    owner: 'an ECS capacity provider',
    remedy: "use set: 'min', or turn its managed scaling off",
    onlyDesired: true,
  },
];

/** @throws Refused, naming the owner, where another one than the user sets the sizes of the group */
export function refuseOwned(name: string, tags: Readonly<Record<string, string>>, set: GroupOptions['set']): void {
  for (const { tag, owner, remedy, onlyDesired } of OWNERS) {
    const value = tags[tag];
    if (value === undefined || (onlyDesired && set !== 'desired')) continue;
    const named = value === '' || value === 'true' ? owner : `${owner} ${value}`;
    throw new Refused(`${name} belongs to ${named} (tag ${tag}): ${remedy}`);
  }
}
