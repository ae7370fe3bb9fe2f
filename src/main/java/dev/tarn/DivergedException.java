package dev.tarn;

/** A training run whose loss or tensors are no longer finite. */
public final class DivergedException extends TarnException {

    private static final long serialVersionUID = 1L;

    public DivergedException(String message) {
        super(message);
    }

    public DivergedException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 7;
    }

    @Override
    public String code() {
        return "diverged";
    }
}
