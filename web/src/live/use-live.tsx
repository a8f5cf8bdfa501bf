import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import type { PlantAnswer, SourceHealthAnswer, TagValueAnswer } from '../api/types.ts'
import { type LiveSelection, type LiveState, LiveStore } from './live-store.ts'

const LiveContext = createContext<LiveStore | undefined>(undefined)

/** Keeps the stream of what happens, for all pages below. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient()
  const [store] = useState(
    () =>
      new LiveStore({
        onPlantChange: (first) => {
          if (first !== undefined && client.getQueryData<PlantAnswer>(['plant'])?.revision === first) return
          void client.invalidateQueries({ queryKey: ['plant'] })
          void client.invalidateQueries({ queryKey: ['health'] })
        },
        onLogout: () => void client.invalidateQueries({ queryKey: ['session'] }),
      }),
  )
  useEffect(() => () => store.close(), [store])
  return <LiveContext.Provider value={store}>{children}</LiveContext.Provider>
}

export function useLiveStore(): LiveStore {
  const store = useContext(LiveContext)
  if (!store) throw new Error('There is no LiveProvider around this')
  return store
}

/** What this page shows of the plant. */
export function useLiveSelection(selection: LiveSelection): void {
  const store = useLiveStore()
  const text = JSON.stringify(selection)
  useEffect(() => store.select(JSON.parse(text) as LiveSelection), [store, text])
}

/** For a page whose parts select what they show, or nothing: at least how the gateway is. */
export function useLiveStream(): void {
  const store = useLiveStore()
  useEffect(() => store.listen(), [store])
}

export function useLiveValue(id: string): TagValueAnswer | undefined {
  const store = useLiveStore()
  const subscribe = useCallback((listener: () => void) => store.onValue(id, listener), [store, id])
  return useSyncExternalStore(subscribe, () => store.value(id))
}

/** Another number whenever any value changed. */
export function useLiveVersion(): number {
  const store = useLiveStore()
  return useSyncExternalStore(store.onAny, () => store.version)
}

export function useLiveState(): LiveState {
  const store = useLiveStore()
  return useSyncExternalStore(store.onState, () => store.state)
}

export function useLiveSources(): readonly SourceHealthAnswer[] | undefined {
  const store = useLiveStore()
  return useSyncExternalStore(store.onState, () => store.sources)
}

/** The gateway's time, about every second. */
export function useNow(every = 1_000): number {
  const store = useLiveStore()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every)
    return () => window.clearInterval(timer)
  }, [every])
  return now + store.clockAhead
}
