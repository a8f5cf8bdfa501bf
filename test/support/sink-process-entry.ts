import { randomFrom } from './seeded-random.ts'
import type { SinkProcessPlan } from './sink-process.ts'
import { SinkRig } from './sink-rig.ts'
import { aTag } from './small-plant.ts'

const { folder, settings, seed } = JSON.parse(process.argv[2] ?? '') as SinkProcessPlan
const random = randomFrom(seed)
const rig = new SinkRig({
  folder,
  settings,
  threaded: true,
  tags: [aTag('a'), aTag('b'), aTag('c', { type: 'String' })],
})

/** Times come again, with the same value and with others, and late. */
for (;;) {
  for (const tag of [0, 1, 2]) {
    const samples = Array.from({ length: 200 }, () => {
      const time = Math.floor(random() * 20_000)
      const value = Math.floor(random() * 3)
      return [time, tag === 2 ? `text ${value}` : value] as const
    })
    await rig.record(tag, samples)
  }
  console.log(rig.sink.health.sent)
  await new Promise((resolve) => setTimeout(resolve, 20))
}
