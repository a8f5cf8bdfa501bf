import { useCallback, useState } from 'react'
import type { Settings } from './schema.ts'

const keptAs = (at: string): string => `penstock-form:${at}`

function kept(at: string): Settings | undefined {
  try {
    return (JSON.parse(sessionStorage.getItem(keptAs(at)) ?? 'null') as Settings | null) ?? undefined
  } catch {
    return undefined
  }
}

/**
 * What was typed into a form and not sent yet: it outlasts a reload and a login that expired, in this tab of the browser.
 */
export function useKeptForm(at: string, written: Settings) {
  const [value, setValue] = useState(() => kept(at))
  const change = useCallback(
    (given: Settings) => {
      sessionStorage.setItem(keptAs(at), JSON.stringify(given))
      setValue(given)
    },
    [at],
  )
  const forget = useCallback(() => {
    sessionStorage.removeItem(keptAs(at))
    setValue(undefined)
  }, [at])
  return { value: value ?? written, isTouched: value !== undefined, change, forget }
}
