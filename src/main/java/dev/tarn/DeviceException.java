package dev.tarn;

/** A device that is not there or that this build cannot use. */
public final class DeviceException extends TarnException {

    private static final long serialVersionUID = 1L;

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 4;
    }

    @Override
    public String code() {
        return "device";
    }
}
