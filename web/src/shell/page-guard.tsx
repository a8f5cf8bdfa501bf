import { Alert, Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useLocale } from '../i18n/use-locale.tsx'

interface Props {
  readonly fallback: ReactNode
  readonly children: ReactNode
}

class Boundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override render() {
    return this.state.failed ? this.props.fallback : this.props.children
  }
}

/** A page that fails does not take the others with it. */
export function PageGuard({ children }: { readonly children: ReactNode }) {
  const { t } = useLocale()
  const fallback = (
    <Alert color="red" title={t('error.title')} role="alert">
      {t('error.unexpected')}
      <Button mt="sm" variant="default" onClick={() => window.location.reload()} display="block">
        {t('error.retry')}
      </Button>
    </Alert>
  )
  return <Boundary fallback={fallback}>{children}</Boundary>
}
