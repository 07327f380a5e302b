/** What others need to know of the destination service. */
export const DESTINATION_PORT = 8086;
export const DESTINATION_ADMIN_PORT = 9996;
export const DESTINATION_SERVICE_ACCOUNT = 'linkerd-destination';
export const DESTINATION_SERVICE = 'linkerd-dst';
export const DESTINATION_HEADLESS_SERVICE = 'linkerd-dst-headless';
