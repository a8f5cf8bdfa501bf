import type { Beginning } from '../config/life.ts'
import type { Loaded } from '../config/load.ts'
import type { ParsedTexts } from '../config/parsed-texts.ts'
import type { Config } from '../config/schema.ts'
import type { YamlFile } from '../config/yaml-file.ts'
import type { RoomName } from '../rooms/gateway.ts'
import type { ThreadLog } from '../telemetry/logger.ts'
import type { RecentLog } from '../telemetry/recent-log.ts'
import type { SafeModeChoice } from './care.ts'

/** What a gateway is started with. */
export interface GatewayOptions extends ThreadLog {
  readonly config: Config
  /** Secrets by the name of their environment variable, all that the configuration names. */
  readonly secrets: Readonly<Record<string, string>>
  /** Who may administer security at first, where nobody may yet. */
  readonly administrator?: { readonly name: string; readonly password: string } | undefined
  readonly configuration: Beginning & {
    /** Where it comes from, as versions and logs name it. */
    readonly name: string
    /** What was read of it already. */
    readonly texts?: ParsedTexts
    /** Checks another one in every part, with the environment as it is then. */
    readonly check: (text: string, yaml?: YamlFile) => Loaded
    /** What `penstock doctor` says of it. */
    readonly examine?: (text: string) => Promise<unknown>
  }
  readonly safeMode?: SafeModeChoice
  /** Where the rooms' logs stay, and where that of `log` does. */
  readonly recentLog?: RecentLog
  /** Other modules for the rooms' threads, for tests that need a room to misbehave. */
  readonly entries?: Partial<Record<RoomName, URL>>
}
