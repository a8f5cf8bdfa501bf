import { expect, it, vi } from 'vitest'
import { cronSchedule } from '../../../src/engine/cron-schedule.ts'

it('an action is called when its time comes, until that is ended', async () => {
  const action = vi.fn()
  const end = cronSchedule('* * * * * *')(action)
  await vi.waitFor(() => expect(action).toHaveBeenCalled(), { timeout: 9_000 })
  end()
})
