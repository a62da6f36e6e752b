// #region stopwatch
import { defineServerInterceptor } from 'grpc-js-middleware';

/** How long did each call take? */
export const stopwatch = (tell: (path: string, ms: number) => void) =>
  defineServerInterceptor('stopwatch', (method) => () => ({
    onEnd: ({ durationMs }) => tell(method.path, durationMs),
  }));
// #endregion
