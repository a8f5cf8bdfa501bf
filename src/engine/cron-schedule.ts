import cron from 'node-cron'
import type { SweepSchedule } from '../store/history-retention.ts'

/** Calls an action whenever a cron expression of five or six fields says so, in the local time of the machine. */
export const cronSchedule =
  (expression: string): SweepSchedule =>
  (action) => {
    const task = cron.schedule(expression, action)
    return () => void task.destroy()
  }
