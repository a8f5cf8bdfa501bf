import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import type { ChirpStackDeviceConfig } from '../../../core/plant.ts'
import { StatusCode } from '../../../core/status-code.ts'
import type { CommandOutlet, CommandReport, Delivery, OutgoingCommand, SentCommand } from '../../source.ts'
import type { JsonObject } from '../json.ts'
import { isJsonObject } from '../json.ts'
import type { DeviceProfile } from '../listed.ts'
import { afterFailure } from './enqueue-failure.ts'
import { encodeDownlink } from './payload.ts'
import { type DownlinkQueue, expiryOf, isTooLate, type QueuedDownlink } from './queue.ts'

/** How often the queues of devices with open commands are looked at. */
const LOOK_EVERY: Milliseconds = 15_000
/** A command that is gone from the queue may have an event that is still on its way. */
const EVENTS_WITHIN: Milliseconds = 20_000
/** A request that was not answered may still arrive; it is looked for at once, and again. */
const ARRIVES_WITHIN: Milliseconds = 5_000
const LOOK_SOON: Milliseconds = 1_000
/** Events of commands whose id is not known yet. */
const MOST_EARLY = 100

/** A device as its downlinks need it. */
export interface DownlinkDevice {
  readonly config: ChirpStackDeviceConfig
  readonly devEui: string
  readonly profile: DeviceProfile | undefined
  /** Its events come. */
  readonly isHeard: boolean
  /** When the next uplink is expected, milliseconds of the epoch; undefined: nobody knows. */
  readonly nextUplinkAt: Milliseconds | undefined
}

export interface DownlinksParts {
  /** The queues of the session that stands, if any. */
  readonly queues: () => DownlinkQueue | undefined
  readonly device: (key: string) => DownlinkDevice | undefined
  readonly report: CommandReport
  readonly clock: Clock
}

/** A command in ChirpStack's hands. */
interface Open {
  readonly command: SentCommand
  readonly devEui: string
  /** The device acknowledges it. */
  readonly isAnswered: boolean
  /** Under which ChirpStack knows it; undefined: to be found out. */
  handle: string | undefined
  isTransmitted: boolean
  /** Since when it stands in the queue no longer, monotonic. */
  goneSince: Milliseconds | undefined
}

/**
 * Takes commands to LoRaWAN devices: each is enqueued once, and then followed through ChirpStack's events and queue.
 * What others put into a queue is seen and never touched.
 */
export class Downlinks implements CommandOutlet {
  readonly #parts: DownlinksParts
  /** By the command's number. */
  readonly #open = new Map<number, Open>()
  /** Events of ids that nobody knows: they can come before the answer to Enqueue. */
  readonly #early = new Map<string, Delivery>()
  #endLooks: (() => void) | undefined
  #cancelSoon: (() => void) | undefined
  #looking = false

  constructor(parts: DownlinksParts) {
    this.#parts = parts
  }

  start(): void {
    this.#endLooks ??= this.#parts.clock.every(LOOK_EVERY, () => void this.#look())
  }

  stop(): void {
    this.#endLooks?.()
    this.#endLooks = undefined
    this.#cancelSoon?.()
    this.#cancelSoon = undefined
  }

  check({ device, order }: OutgoingCommand) {
    const found = this.#parts.device(device)
    if (!found) {
      const reason = 'A gateway takes no commands, nor does a device that is disabled or unknown.'
      return { status: StatusCode.BadNotSupported, reason }
    }
    if (order.kind === 'write') {
      const reason = 'Values of a LoRaWAN device are not written: it is sent one of its commands.'
      return { status: StatusCode.BadNotWritable, reason }
    }
    const downlink = downlinkOf(found, { order })
    if (!downlink) return { status: StatusCode.BadNotSupported, reason: 'The command says no downlink.' }
    const encoded = encodeDownlink(downlink, order.arguments)
    if ('problem' in encoded) return { status: StatusCode.BadOutOfRange, reason: encoded.problem }
    // ChirpStack would answer that all is well, and send an empty frame.
    if ('object' in encoded && found.profile?.codec === 'NONE') {
      const reason =
        'The device profile has no codec, which would make bytes of the object: give it one in ChirpStack, or give the command a payload.'
      return { status: StatusCode.BadConfigurationError, reason }
    }
    return undefined
  }

  async send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    const refused = this.check(command)
    if (refused) return { state: 'refused', ...refused }
    const queues = this.#parts.queues()
    if (!queues) return { state: 'queued', reason: 'There is no connection to ChirpStack.' }
    const expiresAt = expiryOf(command)
    if (isTooLate(command, this.#parts.clock)) {
      return { state: 'expired', reason: 'Its time was over before it could be queued.', status: StatusCode.BadTimeout }
    }
    if (signal.aborted) return { state: 'queued', reason: 'It was stopped before it was queued.' }
    return this.#enqueue(command, queues, expiresAt)
  }

  /** Commands of an earlier run too; one that was being sent when that ended is looked for in the queue. */
  follow(commands: readonly SentCommand[]): void {
    for (const command of commands) {
      const device = this.#parts.device(command.device)
      if (!device) continue
      const { devEui } = device
      const isTransmitted = command.state === 'transmitted'
      const isAnswered = downlinkOf(device, command)?.confirmed ?? false
      this.#open.set(command.id, {
        command,
        devEui,
        isAnswered,
        handle: command.handle,
        isTransmitted,
        goneSince: undefined,
      })
      if (command.handle === undefined) this.#lookSoon()
      const early = command.handle === undefined ? undefined : this.#early.get(command.handle)
      if (early) this.#tell(command.id, early)
    }
  }

  /** An event of a device; called for replayed ones too, since the command may not have been told of them. */
  take(kind: string, body: JsonObject): void {
    // A device that joins may have lost its queue with that, of which no event tells.
    if (kind === 'join' && this.#open.size > 0) this.#lookSoon()
    const told = kind === 'txack' || kind === 'ack' || kind === 'log' ? newsOf(kind, body) : undefined
    if (!told) return
    const { handle, news } = told
    const open = [...this.#open.values()].find((each) => each.handle === handle)
    if (open) {
      this.#tell(open.command.id, news)
      return
    }
    this.#early.set(handle, news)
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= MOST_EARLY) break
      this.#early.delete(oldest)
    }
  }

  async #enqueue(command: OutgoingCommand, queues: DownlinkQueue, expiresAt: Milliseconds): Promise<Delivery> {
    const { device, order } = command
    const target = this.#parts.device(device)
    const downlink = target && downlinkOf(target, command)
    const content = downlink && encodeDownlink(downlink, order.kind === 'command' ? order.arguments : {})
    if (!target || !downlink || !content || 'problem' in content)
      return { state: 'queued', reason: 'Its definition changed.' }
    const { fPort, confirmed } = downlink
    const { devEui } = target
    try {
      const handle = await queues.enqueue({ devEui, fPort, confirmed, content, expiresAt })
      return sent(handle, target)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      return afterFailure(error)
    }
  }

  #tell(id: number, news: Delivery): void {
    const open = this.#open.get(id)
    if (!open) return
    if (news.state !== 'transmitted' || !open.isAnswered) this.#open.delete(id)
    else open.isTransmitted = true
    this.#parts.report.news(id, news.state === 'transmitted' && !open.isAnswered ? unheard(news) : news)
  }

  /** Commands that left the queue without a word were flushed, by somebody or by a join. */
  async #look(): Promise<void> {
    const queues = this.#parts.queues()
    if (!queues || this.#looking) return
    this.#looking = true
    try {
      for (const devEui of new Set([...this.#open.values()].map((open) => open.devEui))) {
        await this.#lookAt(devEui, await queues.queue(devEui))
      }
    } catch (error) {
      // The session says what is wrong with the connection; the next look finds out.
      if (!(error instanceof PenstockError)) throw error
    } finally {
      this.#looking = false
    }
  }

  async #lookAt(devEui: string, queue: readonly QueuedDownlink[]): Promise<void> {
    const now = this.#parts.clock.monotonic()
    for (const open of [...this.#open.values()].filter((each) => each.devEui === devEui)) {
      const { command, handle, isTransmitted } = open
      const item = handle === undefined ? mineIn(queue, command) : queue.find(({ id }) => id === handle)
      if (handle === undefined) this.#foundOut(open, item, now)
      else if (item) {
        open.goneSince = undefined
        const isOver = item.expiresAt !== undefined && isTooLate(command, this.#parts.clock)
        if (isOver && !item.isPending && !isTransmitted) this.#tell(command.id, expired)
      } else if (!isTransmitted && this.#parts.device(command.device)?.isHeard) {
        open.goneSince ??= now
        if (now - open.goneSince >= EVENTS_WITHIN) this.#tell(command.id, lost)
      }
    }
  }

  /** Of one whose answer never came, or came to a run that has ended. */
  #foundOut(open: Open, item: QueuedDownlink | undefined, now: Milliseconds): void {
    const { command } = open
    const device = this.#parts.device(command.device)
    if (item && device) {
      open.handle = item.id
      open.goneSince = undefined
      this.#parts.report.news(command.id, sent(item.id, device))
      return
    }
    open.goneSince ??= now
    if (now - open.goneSince < ARRIVES_WITHIN) this.#lookSoon()
    else
      this.#tell(
        command.id,
        unknown('It does not stand in the queue of ChirpStack: it was sent already, or never queued.'),
      )
  }

  #lookSoon(): void {
    this.#cancelSoon ??= this.#parts.clock.after(LOOK_SOON, () => {
      this.#cancelSoon = undefined
      void this.#look()
    })
  }
}

/** What an event says of a queued downlink; undefined: nothing. */
function newsOf(
  kind: 'txack' | 'ack' | 'log',
  body: JsonObject,
): { readonly handle: string; readonly news: Delivery } | undefined {
  const context = isJsonObject(body.context) ? body.context : {}
  const handle = kind === 'log' ? context.queue_item_id : body.queueItemId
  if (typeof handle !== 'string' || handle === '') return undefined
  if (kind === 'txack') {
    const by = typeof body.gatewayId === 'string' ? ` by the gateway ${body.gatewayId.slice(0, 40)}` : ''
    return { handle, news: { state: 'transmitted', reason: `Sent${by}.`, handle } }
  }
  if (kind === 'ack') return { handle, news: body.acknowledged === true ? acknowledged : unanswered }
  const said = typeof body.description === 'string' ? body.description.slice(0, 200) : ''
  switch (body.code) {
    case 'EXPIRED':
      return { handle, news: expired }
    case 'DOWNLINK_PAYLOAD_SIZE':
    case 'F_CNT_DOWN':
      return {
        handle,
        news: { state: 'failed', reason: `ChirpStack discarded it: ${said}`, status: StatusCode.BadInvalidArgument },
      }
    default:
      return undefined
  }
}

/** Nothing more will be heard of it. */
const unheard = ({ reason, ...news }: Delivery): Delivery => ({
  ...news,
  status: StatusCode.Good,
  reason: `${reason} The device does not say whether it heard it.`,
})

const acknowledged: Delivery = { state: 'confirmed', reason: 'The device acknowledged it.', status: StatusCode.Good }
const unanswered: Delivery = {
  state: 'uncertain',
  reason:
    'The device did not acknowledge it: it may have received it or not. Look at the device before it is sent again.',
  status: StatusCode.BadTimeout,
}
const expired: Delivery = {
  state: 'expired',
  reason: 'It waited for the device until its time was over, and is not sent any more.',
  status: StatusCode.BadTimeout,
}
const lost: Delivery = {
  state: 'lost',
  reason:
    'ChirpStack no longer has it and never said that it was sent: the queue was flushed, by somebody or when the device joined.',
  status: StatusCode.BadRequestCancelledByClient,
}
const unknown = (why: string): Delivery => ({
  state: 'uncertain',
  reason: `${why} Look at the device before it is sent again.`,
  status: StatusCode.BadCommunicationError,
})

function sent(handle: string, { profile, nextUplinkAt }: DownlinkDevice): Delivery {
  if (profile?.isAlwaysListening)
    return { state: 'sent', reason: 'Queued in ChirpStack; the device listens all the time.', handle }
  const reason = 'Queued in ChirpStack; the device hears it after its next uplink.'
  return { state: 'sent', reason, handle, ...(nextUplinkAt === undefined ? {} : { expectedAt: nextUplinkAt }) }
}

const downlinkOf = ({ config }: DownlinkDevice, { order }: Pick<OutgoingCommand, 'order'>) =>
  order.kind === 'command' ? config.commands?.find(({ key }) => key === order.command)?.downlink : undefined

/** The command in the queue, known by the time at which it ends. */
const mineIn = (queue: readonly QueuedDownlink[], command: OutgoingCommand): QueuedDownlink | undefined =>
  queue.find(({ expiresAt }) => expiresAt === expiryOf(command))
