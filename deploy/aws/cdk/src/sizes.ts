/** What a marketplace of each size is made of. docs: ../README.md, "Sizes". */

export interface Size {
  /** Tasks of the server: at least these, at most those. */
  tasks: { least: number; most: number };
  /** Of one task, in units of Fargate: 1024 are one processor; MiB. */
  cpu: number;
  memory: number;
  /** Class of the database, its disk in GB and the most that it may grow to. */
  database: string;
  disk: number;
  diskMost: number;
  /** Class of the nodes of Valkey; there are two. */
  cache: string;
  /** Gateways through which tasks reach the internet: one, or one per zone. */
  gateways: number;
  /** Days of which every moment can be restored. */
  backupDays: number;
}

export const SIZES = {
  /** One town: some hundred vendors. */
  shop: {
    tasks: { least: 2, most: 4 }, cpu: 1024, memory: 2048,
    database: "t4g.medium", disk: 50, diskMost: 500,
    cache: "cache.t4g.micro", gateways: 1, backupDays: 14,
  },
  /** Some thousand vendors. */
  city: {
    tasks: { least: 3, most: 12 }, cpu: 2048, memory: 4096,
    database: "m7g.xlarge", disk: 200, diskMost: 2000,
    cache: "cache.t4g.small", gateways: 3, backupDays: 35,
  },
  country: {
    tasks: { least: 6, most: 48 }, cpu: 4096, memory: 8192,
    database: "r7g.4xlarge", disk: 1000, diskMost: 16000,
    cache: "cache.m7g.large", gateways: 3, backupDays: 35,
  },
} satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
