import { Group, Text } from '@mantine/core'
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconCircleXFilled, IconHelpCircle } from '@tabler/icons-react'
import type { TagValueAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'

type Quality = TagValueAnswer['quality']

const icons = { good: IconCircleCheckFilled, uncertain: IconAlertTriangleFilled, bad: IconCircleXFilled } as const

/** How far a value can be believed: by shape, colour and words. */
export function QualityText({ value }: { readonly value: TagValueAnswer | undefined }) {
  const locale = useLocale()
  if (!value) {
    return (
      <Group gap={6} wrap="nowrap" className="quiet">
        <IconHelpCircle size={16} aria-hidden />
      </Group>
    )
  }
  const words = locale.orElse(`status.${value.status}`, value.status)
  return (
    <Group gap={6} wrap="nowrap" title={`${words} (${value.status})`}>
      <QualityIcon quality={value.quality} />
      <span className="cut tags-words">{words}</span>
    </Group>
  )
}

export function QualityIcon({ quality, size = 16 }: { readonly quality: Quality; readonly size?: number }) {
  const Icon = icons[quality]
  return <Icon size={size} color={`var(--penstock-${quality})`} style={{ flexShrink: 0 }} aria-hidden />
}

/** How many are of which quality. */
export function QualityCount({ quality, count }: { readonly quality: Quality; readonly count: number }) {
  const { t, number } = useLocale()
  return (
    <Group gap={6} wrap="nowrap">
      <QualityIcon quality={quality} size={18} />
      <Text fw={600} className="numeric">
        {number(count)}
      </Text>
      <Text size="sm" className="quiet">
        {t(`quality.${quality}`)}
      </Text>
    </Group>
  )
}
