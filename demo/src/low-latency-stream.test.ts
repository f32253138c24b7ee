import { describe, expect, test } from 'vitest';
import { LowLatencyStream, parseMediaName } from './low-latency-stream.ts';

const parts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const stream = new LowLatencyStream({ parts, partSeconds: 0.5, partsPerSegment: 4 }, 3, 1000);

describe('LowLatencyStream', () => {
  test.each([
    [1000, { segment: 0, part: 0 }],
    [1499, { segment: 0, part: 0 }],
    [1500, { segment: 0, part: 1 }],
    [3000, { segment: 1, part: 0 }],
  ])('at %i ms the next part is %o', (now, next) => {
    expect(stream.nextAt(now)).toEqual(next);
  });

  test('a part is there from the moment it ends, a segment with its last part, both until they are long gone', () => {
    expect(stream.partFile({ segment: 1, part: 2 }, 4499)).toBeUndefined();
    expect(stream.partFile({ segment: 1, part: 2 }, 4500)).toBe('g');
    expect(stream.partFile({ segment: 1, part: 4 }, 9000)).toBeUndefined();
    expect(stream.segmentFiles(0, 2999)).toEqual([]);
    expect(stream.segmentFiles(0, 3000)).toEqual(['a', 'b', 'c', 'd']);
    expect(stream.segmentFiles(2, 7000)).toEqual(['a', 'b', 'c', 'd']);
    expect(stream.segmentFiles(0, 17_000)).toEqual([]);
  });

  test('the playlist names whole segments, the parts of the last ones, and what will be next', () => {
    expect(stream.playlistAt(6_500).split('\n')).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5',
      '#EXT-X-PART-INF:PART-TARGET=0.5',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-DISCONTINUITY-SEQUENCE:0',
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:01.000Z',
      '#EXT-X-PART:DURATION=0.5,URI="segment0.part0.m4s",INDEPENDENT=YES',
      ...[1, 2, 3].map((part) => `#EXT-X-PART:DURATION=0.5,URI="segment0.part${part}.m4s"`),
      '#EXTINF:2.000,',
      'segment0.m4s',
      '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:03.000Z',
      '#EXT-X-PART:DURATION=0.5,URI="segment1.part0.m4s",INDEPENDENT=YES',
      ...[1, 2, 3].map((part) => `#EXT-X-PART:DURATION=0.5,URI="segment1.part${part}.m4s"`),
      '#EXTINF:2.000,',
      'segment1.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:05.000Z',
      '#EXT-X-PART:DURATION=0.5,URI="segment2.part0.m4s",INDEPENDENT=YES',
      ...[1, 2].map((part) => `#EXT-X-PART:DURATION=0.5,URI="segment2.part${part}.m4s"`),
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment2.part3.m4s"',
      '',
    ]);
  });
});

test.each([
  ['segment12.m4s', { segment: 12 }],
  ['segment12.part3.m4s', { segment: 12, part: 3 }],
  ['segment12.part.m4s', undefined],
  ['../media.m3u8', undefined],
])('%s is %o', (name, expected) => {
  expect(parseMediaName(name)).toEqual(expected);
});
