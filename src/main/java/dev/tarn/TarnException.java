package dev.tarn;

import java.util.Objects;

/**
 * A failure that a user can understand and mend. Its message is one sentence that says what is wrong, the value, what is
 * allowed and how to mend it; the command line prints that sentence alone and leaves with {@link #exitCode()}.
 */
public abstract sealed class TarnException extends RuntimeException
        permits ConfigException,
                DataException,
                DeviceException,
                OutOfDeviceMemoryException,
                CheckpointException,
                DivergedException {

    private static final long serialVersionUID = 1L;

    TarnException(String message) {
        super(message);
    }

    TarnException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The message, which every failure of this kind has. */
    public final String sentence() {
        return Objects.requireNonNull(getMessage());
    }

    /** The exit code of the process, as the README lists them: 2 to 7. */
    public abstract int exitCode();

    /** A stable word for machines, such as {@code "data"}; the {@code code} of the JSON error event. */
    public abstract String code();
}
