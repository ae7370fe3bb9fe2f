package dev.tarn.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Maps a part of a file in pieces, since one mapping of Java ends at 2 GiB. */
final class FileSegments {

    private FileSegments() {}

    /** Little-endian read-only mappings of {@code segmentBytes} each; the last one is what is left. */
    static ByteBuffer[] map(FileChannel channel, long start, long length, int segmentBytes) throws IOException {
        ByteBuffer[] segments = new ByteBuffer[(int) ((length + segmentBytes - 1) / segmentBytes)];
        for (int i = 0; i < segments.length; i++) {
            long at = (long) i * segmentBytes;
            segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, start + at, Math.min(segmentBytes, length - at))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        return segments;
    }
}
