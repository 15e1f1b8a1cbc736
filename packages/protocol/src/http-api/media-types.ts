/** Media type of every binary body of ours. */
export const MEDIA_TYPE_TLS = "application/vnd.treehouse.mimi+tls";
export const MEDIA_TYPE_JSON = "application/json";
