package dev.tarn;

/** A buffer that does not fit into the memory of the device. */
public final class OutOfDeviceMemoryException extends TarnException {

    private static final long serialVersionUID = 1L;

    public OutOfDeviceMemoryException(String message) {
        super(message);
    }

    public OutOfDeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }

    @Override
    public int exitCode() {
        return 5;
    }

    @Override
    public String code() {
        return "device-memory";
    }
}
