import type { CommandOutlet, Delivery, OutgoingCommand, SentCommand } from '../../source.ts'
import type { GroupDownlinks } from '../multicast/group-downlinks.ts'
import type { Downlinks } from './downlinks.ts'

export interface LoRaWanOutletParts {
  readonly devices: Downlinks
  readonly groups: GroupDownlinks
  /** The device of this key is a multicast group. */
  readonly isGroup: (key: string) => boolean
}

/** Commands of a ChirpStack source: to its devices, and to its multicast groups. */
export class LoRaWanOutlet implements CommandOutlet {
  readonly #parts: LoRaWanOutletParts

  constructor(parts: LoRaWanOutletParts) {
    this.#parts = parts
  }

  start(): void {
    this.#parts.devices.start()
    this.#parts.groups.start()
  }

  stop(): void {
    this.#parts.devices.stop()
    this.#parts.groups.stop()
  }

  check(command: OutgoingCommand) {
    return this.#of(command.device).check(command)
  }

  send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    return this.#of(command.device).send(command, signal)
  }

  follow(commands: readonly SentCommand[]): void {
    const { devices, groups, isGroup } = this.#parts
    devices.follow(commands.filter(({ device }) => !isGroup(device)))
    groups.follow(commands.filter(({ device }) => isGroup(device)))
  }

  #of(device: string): Downlinks | GroupDownlinks {
    const { devices, groups, isGroup } = this.#parts
    return isGroup(device) ? groups : devices
  }
}
