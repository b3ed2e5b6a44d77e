-- One text for SQLite and PostgreSQL: ids are lower-case hyphenated UUIDs, times are microseconds since the Unix epoch.

CREATE TABLE users (
    uuid TEXT PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT NOT NULL,
    bio TEXT,
    created_at BIGINT NOT NULL
);

-- A reply is an activity that points at another one and never expires.
CREATE TABLE activities (
    uuid TEXT PRIMARY KEY,
    user_uuid TEXT NOT NULL REFERENCES users (uuid),
    message TEXT NOT NULL,
    reposts_count BIGINT NOT NULL DEFAULT 0,
    likes_count BIGINT NOT NULL DEFAULT 0,
    reply_to_activity_uuid TEXT REFERENCES activities (uuid) ON DELETE CASCADE,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX activities_by_time ON activities (created_at);
CREATE INDEX activities_by_user ON activities (user_uuid, created_at);
CREATE INDEX activities_by_parent ON activities (reply_to_activity_uuid);

-- A conversation of two users; the smaller uuid comes first, so that a pair has one group.
CREATE TABLE message_groups (
    uuid TEXT PRIMARY KEY,
    first_user_uuid TEXT NOT NULL REFERENCES users (uuid),
    second_user_uuid TEXT NOT NULL REFERENCES users (uuid),
    created_at BIGINT NOT NULL,
    UNIQUE (first_user_uuid, second_user_uuid)
);

CREATE INDEX message_groups_by_second_user ON message_groups (second_user_uuid);

CREATE TABLE messages (
    uuid TEXT PRIMARY KEY,
    message_group_uuid TEXT NOT NULL REFERENCES message_groups (uuid) ON DELETE CASCADE,
    user_uuid TEXT NOT NULL REFERENCES users (uuid),
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX messages_by_group ON messages (message_group_uuid, created_at);
