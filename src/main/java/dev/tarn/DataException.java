package dev.tarn;

/** A text, vocabulary or token store that is missing, damaged or too small. */
public final class DataException extends TarnException {

    private static final long serialVersionUID = 1L;

    public DataException(String message) {
        super(message);
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 3;
    }

    @Override
    public String code() {
        return "data";
    }
}
