// biome-ignore-all lint/a11y/useSemanticElements: rows of a table element cannot be placed one by one
// biome-ignore-all lint/a11y/useFocusableInteractive: rows and headings are no controls, what stands in them is
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useRef } from 'react'
import type { TagAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveValue } from '../live/use-live.tsx'
import { SetupLink } from '../setup/setup-link.tsx'
import { Age } from './age.tsx'
import { Empty } from './empty.tsx'
import { QualityText } from './quality.tsx'
import { ValueText } from './value-text.tsx'

const ROW_HEIGHT = 40

interface TagTableProps {
  readonly tags: readonly TagAnswer[]
  /** What stands under a tag's name: its device's; absent: nothing. */
  readonly deviceName?: ((device: string) => string) | undefined
  readonly onOpen: (id: string) => void
  readonly emptyText: string
}

/** Tags with their values as they are now; only the rows in view exist, so that twenty thousand scroll as well as ten. */
export function TagTable({ tags, deviceName, onOpen, emptyText }: TagTableProps) {
  const { t } = useLocale()
  const body = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: tags.length,
    getScrollElement: () => body.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })
  return (
    <div className="tags" role="table" aria-label={t('device.tags')} aria-rowcount={tags.length + 1}>
      <div role="rowgroup">
        <div className="tags-row tags-head" role="row" aria-rowindex={1}>
          <Head>{t('plant.tag')}</Head>
          <Head className="tags-value">{t('plant.value')}</Head>
          <Head>
            <span className="tags-words">{t('plant.status')}</span>
          </Head>
          <Head className="tags-wide" title={t('plant.timeHint')}>
            {t('plant.time')}
          </Head>
          <Head className="tags-wide tags-widest">{t('plant.address')}</Head>
        </div>
      </div>
      {tags.length === 0 ? (
        <Empty text={emptyText}>
          <SetupLink />
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls what has the focus
        <div className="tags-body" ref={body} role="rowgroup" tabIndex={0}>
          <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
            {rows.getVirtualItems().map(({ index, start }) => {
              const tag = tags[index]
              if (!tag) return null
              const under = deviceName?.(tag.device)
              return <Row key={tag.id} tag={tag} under={under} index={index} start={start} onOpen={onOpen} />
            })}
          </div>
        </div>
      )}
    </div>
  )
}

interface HeadProps {
  readonly children: React.ReactNode
  readonly className?: string
  readonly title?: string
}

const Head = ({ children, className, title }: HeadProps) => (
  <div role="columnheader" className={className} title={title}>
    {children}
  </div>
)

interface RowProps {
  readonly tag: TagAnswer
  readonly under: string | undefined
  readonly index: number
  readonly start: number
  readonly onOpen: (id: string) => void
}

const Row = memo(function Row({ tag, under, index, start, onOpen }: RowProps) {
  const value = useLiveValue(tag.id)
  return (
    <div
      className="tags-row tags-line"
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div role="cell" style={{ minWidth: 0 }}>
        <button type="button" className="tags-name" onClick={() => onOpen(tag.id)} title={`${tag.name} – ${tag.id}`}>
          <span className="cut" style={{ display: 'block' }}>
            {tag.name}
          </span>
          {under === undefined ? null : (
            <span className="cut quiet" style={{ display: 'block', fontSize: 11 }}>
              {under}
            </span>
          )}
        </button>
      </div>
      <div role="cell" className="cut tags-value">
        <ValueText value={value} tag={tag} />
      </div>
      <div role="cell" style={{ minWidth: 0 }}>
        <QualityText value={value} />
      </div>
      <div role="cell" className="tags-wide cut quiet">
        {value ? <Age at={value.sourceTime} /> : null}
      </div>
      <div role="cell" className="tags-wide tags-widest cut quiet" title={`${tag.address} (${tag.type})`}>
        {tag.address}
      </div>
    </div>
  )
})
