import { MessageChannel } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import { Subscribers } from '../../../src/engine/subscribers.ts'
import type { FromEngine, ToEngine } from '../../../src/link/contract.ts'
import { Link } from '../../../src/link/link.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

const noChange = { removedSources: [], sources: [], removedDevices: [], devices: [] }

it('a change after a pause crosses to a room at once, and those of the next 10 ms in one batch behind it', async () => {
  const clock = new ManualClock()
  const pipeline = new Pipeline(indexed([aTag('speed')]), clock)
  const subscribers = new Subscribers({ pipeline, clock, log: silentLogger })
  const { port1, port2 } = new MessageChannel()
  const link = new Link<FromEngine, ToEngine>({ port: port1, clock, serves: {} as never, hears: {} as never })
  const batches: number[][] = []
  const room = new Link<ToEngine, FromEngine>({
    port: port2,
    clock,
    serves: { changePlant: () => null },
    hears: {} as never,
    onBatch: ({ bits, count }) => void batches.push([...bits.subarray(0, count)]),
  })
  /** What has arrived when a message that was sent behind it has. */
  const arrived = async () => {
    await subscribers.follow({ revision: 1, change: noChange })
    return batches.splice(0)
  }
  subscribers.add(link)
  subscribers.flush()
  await clock.advance(1_000)
  expect(await arrived()).toHaveLength(1)

  pipeline.polled(0, 1)
  pipeline.polled(0, 2)
  await clock.advance(0)
  expect(await arrived()).toEqual([[1, 2]])
  pipeline.polled(0, 3)
  await clock.advance(5)
  pipeline.polled(0, 4)
  await clock.advance(4)
  expect(await arrived()).toEqual([])
  await clock.advance(1)
  expect(await arrived()).toEqual([[3, 4]])
  await clock.advance(10)
  pipeline.polled(0, 5)
  await clock.advance(0)
  expect(await arrived()).toEqual([[5]])
  subscribers.end()
  room.close()
})
