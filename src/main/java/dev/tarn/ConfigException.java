package dev.tarn;

/** A flag, a configuration key or a combination of them that cannot be used. */
public final class ConfigException extends TarnException {

    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 2;
    }

    @Override
    public String code() {
        return "configuration";
    }
}
