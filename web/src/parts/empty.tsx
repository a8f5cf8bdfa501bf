import { Center, Stack, Text } from '@mantine/core'
import { IconInbox } from '@tabler/icons-react'
import type { ReactNode } from 'react'

/** Nothing is here, and why, and what to do about it. */
export function Empty({ text, children }: { readonly text: string; readonly children?: ReactNode }) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw={460}>
        <IconInbox size={36} stroke={1.2} className="quiet" aria-hidden />
        <Text ta="center" className="quiet">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  )
}
