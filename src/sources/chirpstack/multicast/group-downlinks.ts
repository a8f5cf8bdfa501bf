import type { Clock, Milliseconds } from '../../../core/clock.ts'
import type { DownlinkConfig } from '../../../core/command.ts'
import { timeLeftOf } from '../../../core/command-outlet.ts'
import { describeError, PenstockError } from '../../../core/errors.ts'
import type { ChirpStackGroupConfig } from '../../../core/plant.ts'
import { StatusCode } from '../../../core/status-code.ts'
import type { CommandOutlet, CommandReport, Delivery, OutgoingCommand, SentCommand } from '../../source.ts'
import { afterFailure } from '../downlink/enqueue-failure.ts'
import { type Arguments, encodeDownlink } from '../downlink/payload.ts'
import { expiryOf, isTooLate } from '../downlink/queue.ts'
import { GatewayFrames, MOST_WATCHED } from './gateway-frames.ts'
import {
  beingSent,
  GROUP_GONE,
  LEFT_UNSEEN,
  notInQueue,
  STANDS_STILL,
  sentBefore,
  sentToGroup,
  unknownOfGroup,
  wasSent,
} from './group-words.ts'
import type { MulticastApi, MulticastGroup, QueuedGroupDownlink } from './multicast-api.ts'
import type { SentFrame } from './sent-frame.ts'

/** How often the queues of groups with open commands are looked at, and for the first time. */
const LOOK_EVERY: Milliseconds = 5_000
const LOOK_SOON: Milliseconds = 1_000
/** What gateways sent may be told of so much later than the queue shows it. */
const FRAMES_WITHIN: Milliseconds = 20_000
/** A request that was not answered may still arrive. */
const ARRIVES_WITHIN: Milliseconds = 5_000
/** A gateway may have it when its time is over. */
const IN_FLIGHT: Milliseconds = 30_000
/** How far the clocks of ChirpStack and Penstock may be apart: what a gateway sent earlier was another frame. */
const CLOCKS_APART: Milliseconds = 60_000

export interface GroupDownlinksParts {
  /** The calls of the session that stands, if any. */
  readonly api: () => MulticastApi | undefined
  /** Gateways of the tenant, for groups that have none of their own. */
  readonly tenantGateways: () => Promise<readonly string[]>
  readonly group: (key: string) => ChirpStackGroupConfig | undefined
  readonly report: CommandReport
  readonly clock: Clock
}

/** What was asked of a group before something was sent to it. */
interface Facts {
  readonly group: MulticastGroup
  /** Undefined: it has none of its own. */
  readonly gateways: readonly string[] | undefined
  readonly watched: readonly string[]
}

/** A command in ChirpStack's hands. */
interface Open {
  readonly command: SentCommand
  readonly id: string
  readonly fPort: number
  readonly data: Uint8Array
  facts: Facts | undefined
  /** Frame counter of the group before it was enqueued, where this run asked. */
  readonly before: number | undefined
  /** Undefined: to be found out. */
  fCnt: number | undefined
  enqueuedAt: Milliseconds
  readonly seen: Set<string>
  /** Since when it is not in the queue, monotonic. */
  goneSince: Milliseconds | undefined
}

/**
 * Takes commands to multicast groups: each is enqueued once. ChirpStack tells nothing of what becomes of it, but what
 * gateways sent, so these are listened to for as long as a command is open. The queue shows no more than that it was left.
 */
export class GroupDownlinks implements CommandOutlet {
  readonly #parts: GroupDownlinksParts
  /** By the command's number. */
  readonly #open = new Map<number, Open>()
  /** What was asked before an Enqueue, by the command's number, until it is followed. */
  readonly #asked = new Map<number, Facts>()
  readonly #frames = new GatewayFrames((frame) => this.#take(frame))
  #endLooks: (() => void) | undefined
  #cancelSoon: (() => void) | undefined
  #looking = false

  constructor(parts: GroupDownlinksParts) {
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
    this.#frames.stop()
  }

  check(command: OutgoingCommand) {
    const wanted = this.#wanted(command)
    return 'status' in wanted ? wanted : undefined
  }

  async send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    const wanted = this.#wanted(command)
    if ('status' in wanted) return { state: 'refused', ...wanted }
    const api = this.#parts.api()
    if (!api) return { state: 'queued', reason: 'There is no connection to ChirpStack.' }
    const facts = await this.#ask(wanted.id, api)
    if ('state' in facts) return facts
    const expiresAt = expiryOf(command)
    if (isTooLate(command, this.#parts.clock)) {
      return { state: 'expired', reason: 'Its time was over before it could be queued.', status: StatusCode.BadTimeout }
    }
    if (signal.aborted) return { state: 'queued', reason: 'It was stopped before it was queued.' }
    this.#asked.set(command.id, facts)
    this.#watch(api)
    try {
      const fCnt = await api.enqueue(wanted.id, { fPort: wanted.fPort, data: wanted.data, expiresAt })
      return sentToGroup(handleOf(fCnt, this.#parts.clock.now()), facts.gateways?.length)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      const delivery = afterFailure(error)
      if (delivery.state !== 'sent') this.#asked.delete(command.id)
      return delivery
    }
  }

  /** Commands of an earlier run too. */
  follow(commands: readonly SentCommand[]): void {
    for (const command of commands) {
      const wanted = this.#wanted(command)
      const config = this.#parts.group(command.device)
      if (!config) continue
      const facts = this.#asked.get(command.id)
      this.#asked.delete(command.id)
      const { fCnt, at = this.#parts.clock.now() } = parsedHandle(command.handle)
      const content = 'status' in wanted ? { fPort: 0, data: new Uint8Array() } : wanted
      const open: Open = {
        command,
        id: config.multicastGroup,
        fPort: content.fPort,
        data: content.data,
        facts,
        before: facts?.group.fCnt,
        fCnt,
        enqueuedAt: at,
        seen: new Set(),
        goneSince: undefined,
      }
      this.#open.set(command.id, open)
      this.#recollect(open)
    }
    if (commands.length > 0) this.#lookSoon()
  }

  /** What is to go to which group, or why nothing is. */
  #wanted({ device, order }: Pick<OutgoingCommand, 'device' | 'order'>): Wanted | Refused {
    const config = this.#parts.group(device)
    if (!config) {
      return { status: StatusCode.BadNotSupported, reason: 'The multicast group is disabled, or not there.' }
    }
    if (order.kind === 'write') {
      const reason = 'Values of a multicast group are not written: it is sent one of its commands.'
      return { status: StatusCode.BadNotWritable, reason }
    }
    const downlink = config.commands?.find(({ key }) => key === order.command)?.downlink
    if (!downlink) return { status: StatusCode.BadNotSupported, reason: 'The command says no downlink.' }
    return encoded(config.multicastGroup, downlink, order.arguments)
  }

  /** Before anything is sent: that the group is there, and who sends to it. */
  async #ask(id: string, api: MulticastApi): Promise<Facts | Delivery> {
    try {
      return await this.#factsOf(id, api)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      const said = describeError(error)
      if (!isRefusal(error)) return { state: 'queued', reason: said }
      const reason = `${said}. ChirpStack has no multicast group ${id} in this tenant, or the API key may not see it.`
      return { state: 'refused', reason, status: StatusCode.BadUserAccessDenied }
    }
  }

  async #factsOf(id: string, api: MulticastApi): Promise<Facts> {
    const group = await api.group(id)
    const own = await seenBy(() => api.gatewaysOf(id))
    if (own.length > 0) return { group, gateways: own, watched: own.slice(0, MOST_WATCHED) }
    const all = await seenBy(this.#parts.tenantGateways)
    return { group, gateways: undefined, watched: all.slice(0, MOST_WATCHED) }
  }

  #watch(api: MulticastApi): void {
    const facts = [...this.#asked.values(), ...[...this.#open.values()].map((open) => open.facts)]
    this.#frames.watch(new Set(facts.flatMap((each) => each?.watched ?? [])), api)
  }

  #take(frame: SentFrame): void {
    for (const open of [...this.#open.values()]) this.#match(open, frame)
  }

  /** Frames of it that were told of before it was known. */
  #recollect(open: Open): void {
    for (const frame of this.#frames.kept) this.#match(open, frame)
  }

  #match(open: Open, { gatewayId, devAddr, fCnt, fPort, time }: SentFrame): void {
    const { facts, seen } = open
    const isIts =
      open.fCnt !== undefined &&
      facts?.group.mcAddr === devAddr &&
      (open.fCnt & 0xffff) === fCnt &&
      open.fPort === fPort &&
      (time ?? open.enqueuedAt) >= open.enqueuedAt - CLOCKS_APART
    if (!isIts || seen.has(gatewayId)) return
    seen.add(gatewayId)
    const all = facts.gateways?.every((id) => seen.has(id)) ?? false
    this.#tell(open, all ? wasSent([...seen], facts.gateways) : beingSent([...seen]))
  }

  #tell({ command }: Open, news: Delivery): void {
    const isOver = news.state === 'uncertain' || news.status !== undefined
    if (isOver) this.#open.delete(command.id)
    this.#parts.report.news(command.id, news)
  }

  async #look(): Promise<void> {
    const api = this.#parts.api()
    if (!api || this.#looking) return
    this.#looking = true
    try {
      for (const id of new Set([...this.#open.values()].map((open) => open.id))) await this.#lookAtGroup(id, api)
      this.#watch(api)
    } finally {
      this.#looking = false
    }
  }

  async #lookAtGroup(id: string, api: MulticastApi): Promise<void> {
    const all = () => [...this.#open.values()].filter((open) => open.id === id)
    try {
      if (all().some(({ facts }) => !facts)) this.#catchUp(all(), await this.#factsOf(id, api), api)
      const queue = await api.queue(id)
      const counter = all().some(({ fCnt }) => fCnt === undefined) ? (await api.group(id)).fCnt : 0
      for (const open of all()) this.#lookAt(open, queue, counter)
    } catch (error) {
      // The session says what is wrong with the connection; the next look finds out.
      if (!(error instanceof PenstockError)) throw error
      if (!isRefusal(error)) return
      for (const open of all()) this.#gone(open, () => unknownOfGroup(GROUP_GONE))
    }
  }

  #catchUp(opens: readonly Open[], facts: Facts, api: MulticastApi): void {
    for (const open of opens) open.facts ??= facts
    this.#watch(api)
    for (const open of opens) this.#recollect(open)
  }

  #lookAt(open: Open, queue: readonly QueuedGroupDownlink[], counter: number): void {
    const { command, fCnt } = open
    const expiresAt = expiryOf(command)
    const item = queue.find((each) => (fCnt === undefined ? isMine(each, open, expiresAt) : each.fCnt === fCnt))
    if (!item) {
      if (fCnt !== undefined) this.#gone(open, () => unknownOfGroup(LEFT_UNSEEN))
      else this.#gone(open, () => notInQueue(open.before, counter), ARRIVES_WITHIN)
      return
    }
    open.goneSince = undefined
    if (fCnt === undefined) {
      open.fCnt = item.fCnt
      open.enqueuedAt = this.#parts.clock.now()
      this.#tell(open, sentToGroup(handleOf(item.fCnt, open.enqueuedAt), open.facts?.gateways?.length))
      this.#recollect(open)
    } else if (timeLeftOf(command, this.#parts.clock) + IN_FLIGHT < 0)
      this.#settle(open, () => unknownOfGroup(STANDS_STILL))
  }

  /** It is not to be seen any more; a while later that is the end. */
  #gone(open: Open, unseen: () => Delivery, within = FRAMES_WITHIN): void {
    const now = this.#parts.clock.monotonic()
    open.goneSince ??= now
    if (now - open.goneSince >= within) this.#settle(open, unseen)
    else if (within === ARRIVES_WITHIN) this.#lookSoon()
  }

  #settle(open: Open, unseen: () => Delivery): void {
    const { command, seen, facts } = open
    if (seen.size > 0) this.#tell(open, wasSent([...seen], facts?.gateways))
    else this.#tell(open, command.state === 'transmitted' ? sentBefore : unseen())
  }

  #lookSoon(): void {
    this.#cancelSoon ??= this.#parts.clock.after(LOOK_SOON, () => {
      this.#cancelSoon = undefined
      void this.#look()
    })
  }
}

type Refused = { readonly status: StatusCode; readonly reason: string }
type Wanted = { readonly id: string; readonly fPort: number; readonly data: Uint8Array }

function encoded(id: string, downlink: DownlinkConfig, given: Arguments): Wanted | Refused {
  const content = encodeDownlink(downlink, given)
  if ('problem' in content) return { status: StatusCode.BadOutOfRange, reason: content.problem }
  if ('data' in content) return { id, fPort: downlink.fPort, data: content.data }
  const reason = 'No codec makes bytes for a multicast group: give the command a payload.'
  return { status: StatusCode.BadConfigurationError, reason }
}

/** Who may not see gateways does not see what they send, which is said of each command. */
async function seenBy(list: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await list()
  } catch (error) {
    if (isRefusal(error)) return []
    throw error
  }
}

const isRefusal = (error: unknown): error is PenstockError =>
  error instanceof PenstockError && (error.code === 'ACCESS_DENIED' || error.code === 'REQUEST_REFUSED')

/** Known by when it expires, and by what it is: others may have put the like there. */
const isMine = (item: QueuedGroupDownlink, { fPort, data }: Open, expiresAt: Milliseconds): boolean =>
  item.expiresAt === expiresAt && item.fPort === fPort && Buffer.compare(item.data, data) === 0

/** Frame counter and time of enqueuing, which together name a frame: counters begin anew now and then. */
const handleOf = (fCnt: number, at: Milliseconds): string => `${fCnt}@${at}`

function parsedHandle(handle: string | undefined): { readonly fCnt?: number; readonly at?: Milliseconds } {
  const [fCnt, at] = handle?.split('@').map(Number) ?? []
  return fCnt === undefined || at === undefined ? {} : { fCnt, at }
}
