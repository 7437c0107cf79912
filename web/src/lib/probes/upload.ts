/** Sends an image to a run. By XMLHttpRequest, because fetch does not tell how far an upload is. */
import type { ErrorReply, ProbeInfo } from '../../../../shared/protocol.ts';
import { ApiError } from '../state/api.ts';

const LONGEST_NAME = 80;

/** The new probe; rejects with an ApiError. `onprogress` is told the share that has been sent, 0 to 1. */
export function uploadProbe(
  run: string,
  file: Blob,
  name: string,
  onprogress: (share: number) => void,
): Promise<ProbeInfo> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ name: name.slice(0, LONGEST_NAME) || 'image' });
    request.open('POST', `/api/runs/${encodeURIComponent(run)}/probes?${query}`);
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => onprogress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const reply = parse(request.responseText);
      if (request.status === 201) return resolve(reply as ProbeInfo);
      const { status, statusText } = request;
      reject(
        new ApiError(status, { code: 'INTERNAL', message: `${status} ${statusText}`, ...(reply as object) }),
      );
    };
    request.onerror = () => {
      const reply: ErrorReply = { code: 'UNREACHABLE', message: 'The server does not answer.' };
      reject(new ApiError(0, reply));
    };
    request.send(file);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}
