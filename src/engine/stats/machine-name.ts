/** What the firmware and the CPU say about the machine; empty where they say nothing. */
export interface MachineClues {
  /** DMI sys_vendor. */
  readonly vendor: string;
  /** DMI product_name: on some clouds the instance type. */
  readonly product: string;
  /** DMI chassis_asset_tag. */
  readonly assetTag: string;
  readonly virtual: boolean;
  /** The hypervisor, where it could be told. */
  readonly virtualHost: string;
}

/** Clouds by their DMI words, as cloud-init's ds-identify and systemd-detect-virt know them. */
const clouds: readonly (readonly [name: string, field: 'vendor' | 'product' | 'assetTag', word: RegExp])[] = [
  ['Amazon EC2', 'vendor', /^Amazon EC2/],
  ['Google Compute Engine', 'product', /^Google Compute Engine/],
  ['Azure', 'assetTag', /^7783-7084-3265-9085-8269-3286-77$/],
  ['Oracle Cloud', 'assetTag', /^OracleCloud\.com$/],
  ['DigitalOcean', 'vendor', /^DigitalOcean/],
  ['Hetzner Cloud', 'vendor', /^Hetzner/],
  ['Akamai (Linode)', 'vendor', /^(Akamai|Linode)/],
  ['Vultr', 'vendor', /^Vultr/],
  ['Scaleway', 'vendor', /^Scaleway/],
  ['Alibaba Cloud', 'vendor', /^Alibaba Cloud/],
  ['Tencent Cloud', 'vendor', /^Tencent Cloud/],
  ['UpCloud', 'vendor', /^UpCloud/],
  ['OpenStack', 'product', /^OpenStack/],
];

/** Hypervisors by their DMI words. */
const hypervisors: readonly (readonly [name: string, word: RegExp])[] = [
  ['VMware', /^VMware/],
  ['Hyper-V', /^Microsoft Corporation.*Virtual Machine/],
  ['VirtualBox', /VirtualBox/],
  ['Xen', /^Xen/],
  ['Parallels', /^Parallels/],
  ['bhyve', /^BHYVE/i],
  ['KVM', /QEMU|KVM|Bochs/],
];

/** `physical`, the cloud (with its instance type, where the firmware tells it), the hypervisor, or `virtual`. */
export function nameMachine(clues: MachineClues): string {
  const cloud = clouds.find(([, field, word]) => word.test(clues[field]))?.[0];
  if (cloud === 'Amazon EC2' && clues.product !== '') return `${cloud} ${clues.product}`;
  if (cloud !== undefined) return cloud;
  const firmware = `${clues.vendor} ${clues.product}`.trim();
  const hypervisor = hypervisors.find(([, word]) => word.test(firmware))?.[0];
  if (hypervisor !== undefined) return hypervisor;
  if (!clues.virtual) return 'physical';
  return clues.virtualHost === '' ? 'virtual' : clues.virtualHost;
}
