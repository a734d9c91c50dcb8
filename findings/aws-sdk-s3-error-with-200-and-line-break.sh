#!/bin/sh
# An S3 error that comes with status 200 is an error to Amazon's client only while nothing stands behind `</Error>`: with one line break
# there, it is a success with nothing in it.
#
# Package:   @aws-sdk/client-s3 3.1175.0 (npm).
# Guess:     S3 sends some errors with status 200 (CompleteMultipartUpload documents it), and the client throws for them, however the XML ends:
#            white space behind the last element is none of the document's content.
# Seen:      without the line break ListObjectsV2, CompleteMultipartUpload and PutObject throw InternalError. With it none of them throws: the
#            list is empty, the upload is "complete" without an ETag, the object is "stored" without one.
# So:        whoever talks to a server that ends its XML with a line break asks for what every true answer has: Name and IsTruncated of a
#            listing, the ETag of a write.
#
# Runs where:  Linux with npm and Node 22 or newer, in a folder of its own; talks to loopback only.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund @aws-sdk/client-s3@3.1175.0

cat >try.js <<'JS'
import { createServer } from 'node:http';
import { CompleteMultipartUploadCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

let end = '';
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InternalError</Code><Message>no</Message></Error>${end}`);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = new S3Client({
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: 'us-east-1',
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
});
const place = { Bucket: 'bucket', Key: 'key' };
let asSaid = true;
for (const [ending, wanted] of [['', 'throws InternalError'], ['\n', 'succeeds']]) {
  end = ending;
  for (const command of [
    new ListObjectsV2Command({ Bucket: 'bucket' }),
    new CompleteMultipartUploadCommand({ ...place, UploadId: '1', MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"1"' }] } }),
    new PutObjectCommand({ ...place, Body: 'body' }),
  ]) {
    const seen = await client.send(command).then(
      ({ $metadata, ...output }) => [`succeeds`, `with ${JSON.stringify(output)}`],
      (error) => [`throws ${error.name}`, ''],
    );
    console.log(`${JSON.stringify(ending)} behind </Error>: ${command.constructor.name} ${seen.join(' ')}`);
    asSaid &&= seen[0] === wanted;
  }
}
server.close();
server.closeAllConnections();
process.exitCode = asSaid ? 0 : 1;
JS
node try.js
