import { createTask } from 'node-cron'
import type { SweepSchedule } from '../store/history-retention.ts'

/** Calls an action whenever a cron expression says so, in the time zone of the machine. */
export const cronSchedule =
  (expression: string): SweepSchedule =>
  (action) => {
    const task = createTask(expression, action)
    void task.start()
    return () => void task.destroy()
  }
