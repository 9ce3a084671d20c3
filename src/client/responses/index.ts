/** `/v1/responses`, answered by chat completions: nothing is kept between two requests. */
export { responseOf } from './answer';
export { chatRequestOf } from './chatRequest';
export { readResponsesRequest, responsesSchema } from './schema';
