import {
  type BaseNode,
  type HistoryReadRequest,
  HistoryReadResult,
  type HistoryReadValueId,
  type ISessionContext,
  NodeClass,
  type NodeId,
  ReadAtTimeDetails,
  ReadProcessedDetails,
  ReadRawModifiedDetails,
  type ServerSession,
  type StatusCode,
  StatusCodes,
  TimestampsToReturn,
  type UAVariable,
} from 'node-opcua'
import type { AggregateResult } from '../../core/aggregates/aggregate.ts'
import type { Clock } from '../../core/clock.ts'
import { shapeName } from '../../core/data-type.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { HistorySource, RecordedSample, SeriesName } from '../../core/history-source.ts'
import type { Logger } from '../../core/logger.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { patchMethod } from '../hardening/patch-method.ts'
import { StatusCodeCache } from '../status-codes.ts'
import { ContinuationPoints } from './continuation-points.ts'
import { hasHistory, refusalOf } from './history-access.ts'
import { HistoryValues, historyData } from './history-values.ts'
import { MOST_VALUES } from './limits.ts'
import { type AtTimeRead, beginAtTime, readAtTime } from './read-at-time.ts'
import { beginProcessed, type ProcessedRead, readProcessed } from './read-processed.ts'
import { beginRaw, type Page, type RawRead, type ReadContext, readRaw } from './read-raw.ts'
import { Work, WorkEnded } from './work.ts'

type Read = RawRead | AtTimeRead | ProcessedRead

/** A read that was answered in part, and the shape of the tag whose series it reads. */
interface Held {
  readonly read: Read
  readonly shape: string
}

export interface HistoryServiceOptions {
  readonly source: HistorySource
  readonly findNode: (nodeId: NodeId) => BaseNode | null
  /** The tag whose values the variable shows, as it is configured now. */
  readonly tagOf: (nodeId: NodeId) => IndexedTag | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** What node-opcua's types hide of a session and its channel. */
type Session = ServerSession & { readonly channel?: { readonly aborted: boolean } | undefined }

/**
 * The service HistoryRead (OPC 10000-4 §5.11.3, OPC 10000-11 §6.5) over what is recorded of tags. Node by node, each
 * with a result of its own, in turns that leave the thread to others; what one node's read costs or comes to is nothing
 * to the next.
 */
export class HistoryService {
  readonly #options: HistoryServiceOptions
  readonly #statuses = new StatusCodeCache()
  readonly #points = new ContinuationPoints<Held>()
  #failing = false

  constructor(options: HistoryServiceOptions) {
    this.#options = options
  }

  /** One result for each node of the request, in order. Never rejects. */
  async read(context: ISessionContext, request: HistoryReadRequest): Promise<HistoryReadResult[]> {
    const nodes = request.nodesToRead ?? []
    const session = context.session as unknown as Session
    if (request.releaseContinuationPoints)
      return nodes.map(({ continuationPoint }) => this.#release(session, continuationPoint))
    const work = new Work({
      clock: this.#options.clock,
      isWanted: () => session.status === 'active' && session.channel?.aborted === false,
      timeout: request.requestHeader.timeoutHint,
    })
    const most = Math.max(1, Math.floor(MOST_VALUES / nodes.length))
    const details = request.historyReadDetails
    const atTime = details instanceof ReadAtTimeDetails ? beginAtTime(details) : undefined
    const results: HistoryReadResult[] = []
    for (const [position, node] of nodes.entries()) {
      results.push(await this.#readNode({ context, session, request, node, position, atTime, most, work }))
    }
    return results
  }

  #release(session: Session, point: Buffer | null): HistoryReadResult {
    if (point) this.#points.release(session, point)
    return refused(StatusCodes.Good)
  }

  async #readNode(asked: AskedNode): Promise<HistoryReadResult> {
    try {
      const tag = this.#historyOf(asked)
      if (!('index' in tag)) return refused(tag)
      const { session, node, request } = asked
      const nodeId = node.nodeId.toString()
      const point = node.continuationPoint?.length ? node.continuationPoint : undefined
      const shape = shapeName(tag.tag)
      const held = point && this.#points.find(session, nodeId, point)
      if (point && held?.shape !== shape) return refused(StatusCodes.BadContinuationPointInvalid)
      const read = held?.read ?? begin(asked, { tag: tag.id, shape: tag.tag })
      if (!('kind' in read)) return refused(read)
      const values = new HistoryValues(this.#statuses, request.timestampsToReturn)
      const context = {
        source: this.#options.source,
        series: { tag: tag.id, shape: tag.tag },
        work: asked.work,
        most: asked.most,
        toValue: (sample: RecordedSample) => values.of(tag.tag, sample),
        resultOf: (result: AggregateResult) => values.ofResult(tag.tag, result),
      }
      const page = await readPage(read, context)
      // Only now: whoever gets no answer to this read may ask again.
      if (point) this.#points.release(session, point)
      this.#succeeded()
      const result = new HistoryReadResult({ statusCode: page.isEmpty ? StatusCodes.GoodNoData : StatusCodes.Good })
      result.historyData = historyData(page.values)
      if (page.rest)
        result.continuationPoint = this.#points.keep(session, { nodeId, position: { read: page.rest, shape } })
      return result
    } catch (error) {
      return refused(this.#failed(asked, error))
    }
  }

  /** The tag whose history this user may read at this node, or why there is none. */
  #historyOf({ context, session, request, node }: AskedNode): IndexedTag | StatusCode {
    if (request.timestampsToReturn === TimestampsToReturn.Neither) return StatusCodes.BadInvalidTimestampArgument
    const nodeId = session.resolveRegisteredNode(node.nodeId)
    const found = this.#options.findNode(nodeId)
    if (!found) return StatusCodes.BadNodeIdUnknown
    const tag = found.nodeClass === NodeClass.Variable ? this.#options.tagOf(nodeId) : undefined
    if (!tag || !hasHistory(found as UAVariable)) return StatusCodes.BadHistoryOperationUnsupported
    const refusal = refusalOf(found as UAVariable, context)
    if (refusal) return refusal
    // OPC 10000-4 §5.11.2.4: an encoding can be chosen for structures only.
    if (node.dataEncoding.name) return StatusCodes.BadDataEncodingInvalid
    if (!node.indexRange.isEmpty()) return StatusCodes.BadIndexRangeInvalid
    return tag
  }

  #failed({ node }: AskedNode, error: unknown): StatusCode {
    if (error instanceof WorkEnded) return StatusCodes.BadTimeout
    const { log } = this.#options
    const cause = describeError(error)
    if (!(error instanceof PenstockError)) {
      log.error({ node: node.nodeId.toString(), cause }, 'HistoryRead failed for a node')
      return StatusCodes.BadInternalError
    }
    if (!this.#failing) log.error({ cause }, 'History cannot be read: HistoryRead answers BadDataUnavailable')
    this.#failing = true
    return StatusCodes.BadDataUnavailable
  }

  #succeeded(): void {
    if (this.#failing) this.#options.log.info({}, 'History can be read again')
    this.#failing = false
  }
}

/** node-opcua answers HistoryRead by `service` from now on. Throws HardeningError where it would not. */
export function serveHistory(engine: object, service: HistoryService): void {
  patchMethod(
    engine,
    'historyRead',
    'history read',
    () => (context: ISessionContext, request: HistoryReadRequest) => service.read(context, request),
  )
}

interface AskedNode {
  readonly context: ISessionContext
  readonly session: Session
  readonly request: HistoryReadRequest
  readonly node: HistoryReadValueId
  /** Its place in the request. */
  readonly position: number
  /** The read at times that the request asks for, the same for each node. */
  readonly atTime: AtTimeRead | StatusCode | undefined
  readonly most: number
  readonly work: Work
}

/** What is to be read of a node by the details of the request, or why that cannot be. */
function begin({ request, position, atTime }: AskedNode, series: SeriesName): Read | StatusCode {
  const details = request.historyReadDetails
  if (details instanceof ReadRawModifiedDetails) {
    if (details.isReadModified) return StatusCodes.BadHistoryOperationUnsupported
    return beginRaw(details) ?? StatusCodes.BadHistoryOperationInvalid
  }
  if (details instanceof ReadAtTimeDetails) return atTime ?? StatusCodes.BadHistoryOperationInvalid
  if (details instanceof ReadProcessedDetails) {
    const { aggregateType } = details
    const aggregate = aggregateType?.[position]
    const isList = aggregateType?.length === request.nodesToRead?.length
    if (!isList || !aggregate) return StatusCodes.BadAggregateListMismatch
    // Results have no time of the server.
    if (request.timestampsToReturn === TimestampsToReturn.Server) return StatusCodes.BadTimestampsToReturnInvalid
    return beginProcessed(details, aggregate, series)
  }
  return StatusCodes.BadHistoryOperationUnsupported
}

type FullContext = ReadContext & Parameters<typeof readProcessed>[1]

function readPage(read: Read, context: FullContext): Promise<Page<Read>> {
  if (read.kind === 'raw') return readRaw(read, context)
  return read.kind === 'atTime' ? readAtTime(read, context) : readProcessed(read, context)
}

const refused = (statusCode: StatusCode): HistoryReadResult => new HistoryReadResult({ statusCode })
