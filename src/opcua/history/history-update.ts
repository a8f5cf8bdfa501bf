import {
  type BaseNode,
  HistoryUpdateResult,
  type ISessionContext,
  type NodeId,
  type ServerSession,
  type StatusCode,
  StatusCodes,
  type UAVariable,
} from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import type { AskedHistoryEdit, EditAnswer, EditOutcome, HistoryEdit, WriteMode } from '../../core/history-edit.ts'
import type { RecordedSample, SeriesName } from '../../core/history-source.ts'
import type { Logger } from '../../core/logger.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { actorOf } from '../orders/actor.ts'
import { editedSample } from './edited-sample.ts'
import { type HistoryChange, hasHistory, refusalOfChange } from './history-access.ts'
import { MOST_CHANGES } from './limits.ts'
import { timeOf } from './times.ts'
import {
  type DeleteAtTimeDetails,
  type DeleteRawModifiedDetails,
  type UpdateDataDetails,
  updateDetails,
} from './update-details.ts'

export interface HistoryUpdateOptions {
  readonly findNode: (nodeId: NodeId) => BaseNode | null
  /** The tag whose values the variable shows, as it is configured now. */
  readonly tagOf: (nodeId: NodeId) => IndexedTag | undefined
  /** Has the engine, which alone writes, change what is recorded; rejects where it is not there, or cannot. */
  readonly edit: (asked: AskedHistoryEdit) => Promise<EditAnswer>
  readonly clock: Clock
  readonly log: Logger
}

/** By PerformUpdateType (OPC 10000-11 §6.8.3); Remove is for structured data only. */
const modes: ReadonlyMap<number, WriteMode> = new Map([
  [1, 'insert'],
  [2, 'replace'],
  [3, 'update'],
])

const changeOf: Readonly<Record<WriteMode, readonly HistoryChange[]>> = {
  insert: ['InsertHistory'],
  replace: ['ModifyHistory'],
  update: ['InsertHistory', 'ModifyHistory'],
}

/** OPC 10000-11 §6.8.2.4 and §6.9.3.4: the StatusCode of each operation. */
const statusOf: Readonly<Record<EditOutcome, StatusCode>> = {
  inserted: StatusCodes.GoodEntryInserted,
  replaced: StatusCodes.GoodEntryReplaced,
  exists: StatusCodes.BadEntryExists,
  missing: StatusCodes.BadNoEntryExists,
  deleted: StatusCodes.Good,
}

/**
 * The service HistoryUpdate (OPC 10000-4 §5.11.5, OPC 10000-11 §6.8 and §6.9) for the values of tags: node by node, each
 * answered when it is committed, or with the reason why nothing of it was done.
 */
export class HistoryUpdateService {
  readonly #options: HistoryUpdateOptions

  constructor(options: HistoryUpdateOptions) {
    this.#options = options
  }

  /** One result for each of the details, in order. Never rejects. */
  async update(session: ServerSession, details: readonly unknown[]): Promise<HistoryUpdateResult[]> {
    const results: HistoryUpdateResult[] = []
    for (const each of details) results.push(await this.#updateOne(session, each))
    return results
  }

  async #updateOne(session: ServerSession, decoded: unknown): Promise<HistoryUpdateResult> {
    try {
      const details = updateDetails(decoded)
      switch (details?.schema.name) {
        case 'UpdateDataDetails':
          return await this.#write(session, details as UpdateDataDetails)
        case 'DeleteRawModifiedDetails':
          return await this.#deleteRange(session, details as DeleteRawModifiedDetails)
        case 'DeleteAtTimeDetails':
          return await this.#deleteTimes(session, details as DeleteAtTimeDetails)
        default:
          return refused(StatusCodes.BadHistoryOperationUnsupported)
      }
    } catch (error) {
      const cause = describeError(error)
      this.#options.log.error({ cause }, 'HistoryUpdate could not be done')
      return refused(error instanceof PenstockError ? StatusCodes.BadResourceUnavailable : StatusCodes.BadInternalError)
    }
  }

  async #write(session: ServerSession, details: UpdateDataDetails): Promise<HistoryUpdateResult> {
    const mode = modes.get(details.performInsertReplace)
    if (!mode) return refused(StatusCodes.BadHistoryOperationUnsupported)
    const series = this.#seriesOf(session, details.nodeId, changeOf[mode])
    if (!('tag' in series)) return refused(series)
    const values = details.updateValues ?? []
    if (values.length > MOST_CHANGES) return refused(StatusCodes.BadTooManyOperations)
    const now = this.#options.clock.now()
    const samples = values.map((value) => editedSample(series.shape, value, now))
    const usable = samples.filter((sample): sample is RecordedSample => 'sourceTime' in sample)
    const { outcomes } = await this.#edit(session, { kind: 'write', series, mode, samples: usable })
    const done = outcomes.values()
    return answered(samples.map((sample) => ('sourceTime' in sample ? statusAfter(done) : sample)))
  }

  async #deleteTimes(session: ServerSession, details: DeleteAtTimeDetails): Promise<HistoryUpdateResult> {
    const series = this.#seriesOf(session, details.nodeId, ['DeleteHistory'])
    if (!('tag' in series)) return refused(series)
    const times = (details.reqTimes ?? []).map((time) => timeOf(time))
    if (times.length > MOST_CHANGES) return refused(StatusCodes.BadTooManyOperations)
    const whole = times.filter((time): time is Milliseconds => time !== undefined && Number.isInteger(time))
    const { outcomes } = await this.#edit(session, { kind: 'deleteTimes', series, times: whole })
    const done = outcomes.values()
    return answered(times.map((time) => (Number.isInteger(time) ? statusAfter(done) : StatusCodes.BadNoEntryExists)))
  }

  /** The start belongs to the time and the end does not; where both are the same, just what is then is deleted. */
  async #deleteRange(session: ServerSession, details: DeleteRawModifiedDetails): Promise<HistoryUpdateResult> {
    const series = this.#seriesOf(session, details.nodeId, ['DeleteHistory'])
    if (!('tag' in series)) return refused(series)
    if (details.isDeleteModified) return refused(StatusCodes.BadHistoryOperationUnsupported)
    const [start, end] = [timeOf(details.startTime), timeOf(details.endTime)]
    if (start === undefined || end === undefined || end < start) return refused(StatusCodes.BadInvalidTimestamp)
    const last = start === end ? Math.floor(end) : Math.ceil(end) - 1
    const { deleted } = await this.#edit(session, { kind: 'deleteRange', series, first: Math.ceil(start), last })
    return refused(deleted === 0 ? StatusCodes.BadNoData : StatusCodes.Good)
  }

  #edit(session: ServerSession, edit: HistoryEdit): Promise<EditAnswer> {
    return this.#options.edit({ by: actorOf(session.sessionContext), edit })
  }

  /** What is recorded of the tag at this node, if the user may change it in these ways; else why not. */
  #seriesOf(session: ServerSession, id: NodeId, changes: readonly HistoryChange[]): SeriesName | StatusCode {
    const nodeId = session.resolveRegisteredNode(id)
    const node = this.#options.findNode(nodeId)
    if (!node) return StatusCodes.BadNodeIdUnknown
    const tag = this.#options.tagOf(nodeId)
    if (!tag || !hasHistory(node as UAVariable)) return StatusCodes.BadHistoryOperationUnsupported
    const context: ISessionContext = session.sessionContext
    return refusalOfChange(node as UAVariable, context, changes) ?? { tag: tag.id, shape: tag.tag }
  }
}

function statusAfter(outcomes: Iterator<EditOutcome>): StatusCode {
  const next = outcomes.next()
  return next.done ? StatusCodes.BadInternalError : statusOf[next.value]
}

const refused = (statusCode: StatusCode): HistoryUpdateResult => new HistoryUpdateResult({ statusCode })

const answered = (operationResults: StatusCode[]): HistoryUpdateResult =>
  new HistoryUpdateResult({ statusCode: StatusCodes.Good, operationResults })
