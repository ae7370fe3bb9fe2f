package dev.tarn.run;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Held by the one process that writes into a folder. It is a lock of the operating system on {@code .lock}, so it ends
 * with the process however that ends; the file itself stays, because deleting it would let two processes hold two locks.
 */
public final class RunLock implements AutoCloseable {

    static final String NAME = ".lock";

    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws ConfigException if another process, or this one, holds it */
    static RunLock take(Path folder) {
        FileChannel channel = null;
        try {
            channel = open(folder);
            FileLock lock = tryLock(channel);
            if (lock == null) {
                String holder = holder(channel);
                channel.close();
                throw new ConfigException("The run folder " + folder + " is being written by " + holder
                        + "; wait for it, or give another folder with --run.");
            }
            return signed(channel);
        } catch (IOException e) {
            close(channel);
            throw cannotLock(folder, e);
        }
    }

    /**
     * Takes it if nobody has it.
     *
     * @param folder exists
     * @return null if another process, or this one, holds it
     * @throws ConfigException if the folder cannot be written
     */
    public static @Nullable RunLock tryTake(Path folder) {
        FileChannel channel = null;
        try {
            channel = open(folder);
            if (tryLock(channel) == null) {
                channel.close();
                return null;
            }
            return signed(channel);
        } catch (IOException e) {
            close(channel);
            throw cannotLock(folder, e);
        }
    }

    /**
     * Takes it, after other processes have given it back.
     *
     * @param folder exists
     * @throws ConfigException if the folder cannot be written, or this very process holds it
     */
    public static RunLock await(Path folder) {
        FileChannel channel = null;
        try {
            channel = open(folder);
            channel.lock();
            return signed(channel);
        } catch (IOException | OverlappingFileLockException e) {
            close(channel);
            throw cannotLock(folder, e);
        }
    }

    private static FileChannel open(Path folder) throws IOException {
        return FileChannel.open(
                folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static RunLock signed(FileChannel channel) throws IOException {
        channel.truncate(0);
        AtomicFile.writeFully(
                channel,
                ByteBuffer.wrap(("process " + ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
        return new RunLock(channel);
    }

    private static ConfigException cannotLock(Path folder, Exception e) {
        String reason = e instanceof IOException io ? FileErrors.reason(io) : "this process works on it already";
        return new ConfigException(
                "The folder " + folder + " cannot be locked (" + reason + "); give a folder that is writable.", e);
    }

    @Override
    public void close() {
        close(channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // This very process holds it.
            return null;
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(100);
        channel.read(text, 0);
        return text.position() == 0
                ? "another process"
                : new String(text.array(), 0, text.position(), StandardCharsets.UTF_8);
    }

    private static void close(@Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // The lock ends with the process at the latest.
        }
    }
}
