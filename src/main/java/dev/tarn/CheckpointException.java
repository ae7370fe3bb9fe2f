package dev.tarn;

/** A checkpoint that is missing, damaged or of another model. */
public final class CheckpointException extends TarnException {

    private static final long serialVersionUID = 1L;

    public CheckpointException(String message) {
        super(message);
    }

    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 6;
    }

    @Override
    public String code() {
        return "checkpoint";
    }
}
