import { Button, FileButton as ChooseFile, Text } from '@mantine/core'
import { useState } from 'react'
import { decodedText } from '../../../src/config/decoded-text.ts'
import { useLocale } from '../i18n/use-locale.tsx'

const LARGEST = 16 * 1024 * 1024

interface FileButtonProps {
  readonly accept: string
  /** In bytes. */
  readonly largest?: number
  readonly onText: (text: string, name: string) => void
  readonly children: string
}

/** Takes the text of a file of this machine. */
export function FileButton({ accept, largest = LARGEST, onText, children }: FileButtonProps) {
  const { t } = useLocale()
  const [isTooLarge, setTooLarge] = useState(false)
  const take = async (file: File | null) => {
    if (!file) return
    setTooLarge(file.size > largest)
    if (file.size <= largest) onText(decodedText(new Uint8Array(await file.arrayBuffer())), file.name)
  }
  return (
    <>
      <ChooseFile accept={accept} onChange={(file) => void take(file)}>
        {(props) => (
          <Button variant="default" {...props}>
            {children}
          </Button>
        )}
      </ChooseFile>
      {isTooLarge ? (
        <Text size="sm" role="alert">
          {t('conf.tooLarge', { size: largest / 1024 / 1024 })}
        </Text>
      ) : null}
    </>
  )
}
