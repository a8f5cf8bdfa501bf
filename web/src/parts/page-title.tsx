import { Group, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

/** The heading of a page, which is also the title of the browser's tab. */
export function PageTitle({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} – Penstock`
  }, [title])
  return (
    <Group justify="space-between" mb="md" gap="sm">
      <Title order={1} size="h3">
        {title}
      </Title>
      {children}
    </Group>
  )
}
